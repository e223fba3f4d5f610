; theorem: C3, or R2 by a consumer, which takes one position more, keeps the invariant of every other slot
; uses: word, queue
; mutant: the same slot : (assert (not (same_slot at taken c))) => (assert true)
; mutant: takes what nobody has claimed : (assert (bvugt in_queue zero)) => (assert true)
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
; Any slot but the one that is taken: that of `taken`, by `pop_claim` and `r2_pop`.
(declare-const from_taken U64)
(declare-const phase U64)
(declare-const owner U64)
(define-fun at () U64 (bvadd taken from_taken))
(assert (slot_invariant at phase owner taken claimed c))
(assert (not (same_slot at taken c)))
; By the same, that one is claimed.
(assert (bvugt in_queue zero))

; goal
(assert (not (slot_invariant at phase owner (bvadd taken one) claimed c)))
