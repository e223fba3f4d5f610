; theorem: R2 by a producer keeps the invariant of its slot; no position is claimed or taken by it
; uses: word, queue
; mutant: free on the same lap : (bvadd at c) Free zero => at Free zero
; mutant: a record is thrown away : (assert (= (push_means ahead phase c) BlockedBy)) => (assert (= (push_means ahead phase c) Blocked))
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
; A producer looks at its slot again, by its compare-exchange.
(declare-const ahead U64)
(define-fun position () U64 (bvsub at ahead))
(assert (same_slot at position c))
(assert (read_before position tail))
(assert (= (push_means ahead phase c) BlockedBy))

; goal
(assert (not (slot_invariant (bvadd at c) Free zero taken claimed c)))
