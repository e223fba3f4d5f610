; theorem: C3 keeps the invariant of the counters and of the slot that it takes; it takes one position
; uses: word, queue
; mutant: takes a record that is not there yet : (assert (= (pop_means ahead phase c) Claim)) => (assert (bvule phase Published))
; mutant: free before it is read : position Reading me => position Free zero
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
(assert (= (pop_means ahead phase c) Claim))
(declare-const me U64)
(assert (bvule me max_owner))

; goal
(assert (not (and (counters head tail (bvadd taken one) claimed c)
                  (slot_invariant position Reading me (bvadd taken one) claimed c))))
