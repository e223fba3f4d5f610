; theorem: a capacity of positions, from anywhere, have as many slots: no two share one
; uses: cursor
; mutant: mask too small : (bvand position (bvsub c one)) => (bvand position (bvlshr (bvsub c one) one))
; mutant: one position more : (assert (bvult j c)) => (assert (bvule j c))
(declare-const from U64)
(declare-const i U64)
(declare-const j U64)
(declare-const c U64)
(assert (is_capacity c))
(assert (bvult i c))
(assert (bvult j c))
(assert (distinct i j))

; goal
(assert (= (index (advance from i) c) (index (advance from j) c)))
