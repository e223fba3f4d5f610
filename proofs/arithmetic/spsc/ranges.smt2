; theorem: the i-th slot of the two ranges is that of the i-th of the next `count` positions
; uses: cursor
; mutant: never in two parts : (ite (bvult count rest) count rest) => count
; mutant: first part ends a slot early : (bvsub c (index position c)) => (bvsub (bvsub c one) (index position c))
; mutant: more positions than slots : (assert (bvule count c)) => (assert true)
(declare-const position U64)
(declare-const c U64)
(declare-const count U64)
(declare-const i U64)
(assert (is_capacity c))
(assert (bvule count c))
(assert (bvult i count))

; goal
(define-fun len () U64 (first_len position c count))
(define-fun ith_of_ranges () U64 (ite (bvult i len) (bvadd (index position c) i) (bvsub i len)))
(assert (distinct ith_of_ranges (index (advance position i) c)))
