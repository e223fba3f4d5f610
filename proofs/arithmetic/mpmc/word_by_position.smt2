; theorem: what for_push and for_pop make of a packed word is what its position, in full, means
; uses: word, queue
; mutant: the owner runs into the lap : (define-fun max_owner () U64 #x0000000000000fff) => (define-fun max_owner () U64 #x0000000000007fff)
(declare-const c U64)
(declare-const position U64)
(declare-const ahead U64)
(assert (is_capacity c))
; Another position of the same slot.
(define-fun at () U64 (bvadd position ahead))
(assert (same_slot at position c))
; In the window, as `word_window_push` and `word_window_pop` have it.
(assert (bvsge ahead (bvneg #x0002000000000000)))
(assert (bvslt ahead #x0002000000000000))
(declare-const phase U64)
(declare-const owner U64)
(assert (is_phase phase))
(define-fun word () U64 (owned (lap_of at c) phase owner))

; goal
(assert (not (and (= (for_push word (lap_of position c) c) (push_means ahead phase c))
                  (= (for_pop word (lap_of position c) c) (pop_means ahead phase c)))))
