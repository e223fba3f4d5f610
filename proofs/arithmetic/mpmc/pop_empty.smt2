; theorem: pop answers `Empty` only if nothing is published at the first untaken position, `head`
; uses: word, queue
; mutant: a taken position is empty : (ite (and (= phase Reading) (= ahead zero)) Passed => (ite (and (= phase Reading) (= ahead zero)) Blocked
; The counters.
(declare-const c U64)
(declare-const taken U64)
(declare-const in_queue U64)
(declare-const tail_behind U64)
(declare-const head_behind U64)
(define-fun claimed () U64 (bvadd taken in_queue))
(define-fun tail () U64 (bvsub claimed tail_behind))
(define-fun head () U64 (bvsub taken head_behind))
(assert (is_capacity c))
(assert (counters head tail taken claimed c))
; Any slot.
(declare-const from_taken U64)
(declare-const phase U64)
(declare-const owner U64)
(define-fun at () U64 (bvadd taken from_taken))
(assert (slot_invariant at phase owner taken claimed c))
; A consumer looks at its slot, with a position that it has read from `head`, recently.
(declare-const ahead U64)
(define-fun position () U64 (bvsub at ahead))
(assert (same_slot at position c))
(assert (recent position head c))
(assert (let ((means (pop_means ahead phase c))) (or (= means Blocked) (= means BlockedBy))))

; goal
; It is not even claimed, or its record is being written, by the owner who then is named.
(assert (not (and (= position taken) (= position head)
                  (ite (= (pop_means ahead phase c) BlockedBy)
                    (and (= at taken) (= phase Writing) (bvugt in_queue zero))
                    (= in_queue zero)))))
