; theorem: R2 by a consumer keeps the invariant of the counters and of its slot; it takes one position
; uses: word, queue
; mutant: free on the same lap : (bvadd at c) Free zero => at Free zero
; mutant: a lap too far : (bvadd at c) Free zero => (bvadd at (bvadd c c)) Free zero
; mutant: passed over before it is due : (assert (= (pop_means ahead phase c) BlockedBy)) => (assert (= phase Writing))
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
; A consumer looks at its slot again, by its compare-exchange.
(declare-const ahead U64)
(define-fun position () U64 (bvsub at ahead))
(assert (same_slot at position c))
(assert (read_before position head))
(assert (= (pop_means ahead phase c) BlockedBy))

; goal
(assert (not (and (= position taken) (= position head) (= at position) (bvugt in_queue zero)
                  (counters head tail (bvadd taken one) claimed c)
                  (slot_invariant (bvadd at c) Free zero (bvadd taken one) claimed c))))
