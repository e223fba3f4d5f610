; theorem: the slot of a position is inside the ring, and differs from the position by a multiple of the capacity
; uses: cursor
; mutant: mask one too large : (bvand position (bvsub c one)) => (bvand position c)
; mutant: no slot at all : (distinct c zero) => true
(declare-const position U64)
(declare-const c U64)
(assert (is_capacity c))

; goal
(assert (not (and (bvult (index position c) c)
                  (= (bvand (bvsub position (index position c)) (bvsub c one)) zero))))
