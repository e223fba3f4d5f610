; theorem: H1 keeps the invariant of the counters: `tail` never passes a position that is not claimed
; uses: word, queue
; mutant: helps past any position : (assert (distinct position claimed)) => (assert true)
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
; Any position that was claimed once, by P3 or as `push_passed` has it, so it is not the first that is not.
(declare-const position U64)
(assert (distinct position claimed))
; The compare-exchange succeeds.
(assert (= tail position))

; goal
(assert (not (counters head (bvadd position one) taken claimed c)))
