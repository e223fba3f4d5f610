; theorem: a consumer takes no position but the first that is not taken, at `head`, and only if it is published
; uses: word, queue
; mutant: a record being written is taken : (ite (and (= phase Writing) (= ahead zero)) BlockedBy => (ite (and (= phase Writing) (= ahead zero)) Claim
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

; goal
(assert (not (and (= position taken) (= position head) (= at position)
                  (= phase Published) (bvugt in_queue zero))))
