; theorem: positions that share a slot, as `same_slot` says, have one index, and laps as far apart as themselves
; uses: word, queue
; mutant: a slot only half as large : (= (bvand (bvsub a b) (bvsub c one)) zero) => (= (bvand (bvsub a b) (bvlshr (bvsub c one) one)) zero)
(declare-const c U64)
(declare-const position U64)
(declare-const ahead U64)
(assert (is_capacity c))
; Another position of the same slot.
(define-fun at () U64 (bvadd position ahead))
(assert (same_slot at position c))

; goal
(assert (not (and (= (index_of at c) (index_of position c))
                  (= (bvsub (lap_of at c) (lap_of position c)) ahead))))
