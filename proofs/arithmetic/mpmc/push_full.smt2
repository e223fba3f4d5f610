; theorem: push answers `Full` only if the slot of the first unclaimed position, `tail`, holds the lap before
; uses: word, queue
; mutant: Full on this lap too : (ite (= ahead zero) (ite (= phase Free) Claim Passed) => (ite (= ahead zero) (ite (= phase Free) Claim Blocked)
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
; A producer looks at its slot, with a position that it has read from `tail`, recently.
(declare-const ahead U64)
(define-fun position () U64 (bvsub at ahead))
(assert (same_slot at position c))
(assert (recent position tail c))
(assert (let ((means (push_means ahead phase c))) (or (= means Blocked) (= means BlockedBy))))

; goal
; In the phase `Reading`, and then only, its owner is named.
(assert (not (and (= position claimed) (= position tail) (= at (bvsub claimed c))
                  (distinct phase Free)
                  (= (= phase Reading) (= (push_means ahead phase c) BlockedBy)))))
