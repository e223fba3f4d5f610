; theorem: the c positions from anywhere on have as many slots; positions share one as `same_slot` says
; uses: word, queue
; mutant: mask too small : (bvand position (bvsub c one))) => (bvand position (bvlshr (bvsub c one) one)))
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
(define-fun a () U64 (bvadd from i))
(define-fun b () U64 (bvadd from j))
(assert (or (= (index_of a c) (index_of b c)) (same_slot a b c)))
