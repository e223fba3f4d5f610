; theorem: a position is its slot, which is inside the queue, and its lap, which is a multiple of the capacity
; uses: word
; mutant: mask one too large : (bvand position (bvsub c one))) => (bvand position c))
; mutant: a lap with an index in it : (bvand position (bvnot (bvsub c one))) => position
(declare-const position U64)
(declare-const c U64)
(assert (is_capacity c))

; goal
(assert (let ((index (index_of position c)) (lap (lap_of position c)))
  (not (and (bvult index c)
            (= (bvadd lap index) position)
            (= (bvor lap index) position)
            (= (bvand lap (bvsub c one)) zero)))))
