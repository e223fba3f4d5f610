; theorem: P5 keeps the invariant of its slot; no position is claimed or taken by it
; uses: word, queue
; mutant: published on the next lap : position Published zero => (bvadd position c) Published zero
; mutant: by one that does not hold the slot : (and (has_owner in_phase) (= at position) (= phase in_phase) (= owner me)) => (= at position)
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
; A participant that holds it, after its own P3.
(declare-const me U64)
(declare-const position U64)
(assert (holds me Writing position at phase owner))

; goal
(assert (not (slot_invariant position Published zero taken claimed c)))
