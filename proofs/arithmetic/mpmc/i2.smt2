; theorem: while a participant lives and holds a slot (P3 to P5, C3 to C5), no step of another changes its word
; uses: word, queue
; mutant: a living owner counts as dead : (define-fun dead () Bool (distinct owner me)) => (define-fun dead () Bool true)
; mutant: two handles with one owner : (assert (distinct you me)) => (assert true)
; mutant: what is being written is taken : (ite (and (= phase Writing) (= ahead zero)) BlockedBy => (ite (and (= phase Writing) (= ahead zero)) Claim
(declare-const c U64)
(declare-const at U64)
(declare-const phase U64)
(declare-const owner U64)
(assert (is_capacity c))
; It is held by `me`, who lives.
(declare-const me U64)
(declare-const in_phase U64)
(declare-const position U64)
(assert (holds me in_phase position at phase owner))
; Somebody else looks at it, or holds it too.
(declare-const you U64)
(declare-const ahead U64)
(declare-const your_phase U64)
(declare-const your_position U64)
(assert (distinct you me))
; Its owner, which then is not `me`.
(define-fun dead () Bool (distinct owner me))

; goal
(assert (or
  ; P3, C3
  (= (push_means ahead phase c) Claim)
  (= (pop_means ahead phase c) Claim)
  ; P5, C5
  (holds you your_phase your_position at phase owner)
  ; R2
  (and (= (push_means ahead phase c) BlockedBy) dead)
  (and (= (pop_means ahead phase c) BlockedBy) dead)))
