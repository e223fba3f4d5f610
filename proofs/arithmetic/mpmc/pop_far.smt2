; theorem: pop finds a slot far ahead only if `head` has moved since it was read, as C8 will see
; uses: word, queue
; mutant: `head` is left behind : (or (= head taken) (= head (bvsub taken one))) => true
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
(assert (= (pop_means ahead phase c) Far))
; `head` at C8, later: fewer than 2^63 positions are taken in between.
(declare-const meanwhile U64)
(assert (bvult meanwhile #x8000000000000000))

; goal
(assert (= position (bvadd head meanwhile)))
