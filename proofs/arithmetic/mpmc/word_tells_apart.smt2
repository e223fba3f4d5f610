; theorem: equal words of a slot, fewer than 2^50 positions apart, mean the same: a compare-exchange is not fooled
; uses: word, queue
; mutant: 2^50 positions apart : (assert (bvult ahead #x0004000000000000)) => (assert (bvule ahead #x0004000000000000))
; mutant: a lap bit lost : (define-fun lap_shift () U64 #x000000000000000e) => (define-fun lap_shift () U64 #x000000000000000f)
(declare-const c U64)
(declare-const position U64)
(declare-const ahead U64)
(assert (is_capacity c))
; Another position of the same slot.
(define-fun at () U64 (bvadd position ahead))
(assert (same_slot at position c))
(assert (bvult ahead #x0004000000000000))
(declare-const phase U64)
(declare-const owner U64)
(declare-const phase_later U64)
(declare-const owner_later U64)
(assert (and (is_phase phase) (is_phase phase_later)))
(assert (and (bvule owner max_owner) (bvule owner_later max_owner)))
(assert (= (owned (lap_of position c) phase owner) (owned (lap_of at c) phase_later owner_later)))

; goal
(assert (not (and (= at position) (= phase_later phase) (= owner_later owner))))
