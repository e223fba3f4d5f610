; theorem: the two ranges are within the slots, none in both, and as many together as `count`
; uses: cursor
; mutant: first part ends a slot early : (bvsub c (index position c)) => (bvsub (bvsub c one) (index position c))
; mutant: more positions than slots : (assert (bvule count c)) => (assert true)
(declare-const position U64)
(declare-const c U64)
(declare-const count U64)
(assert (is_capacity c))
(assert (bvule count c))

; goal
(define-fun len () U64 (first_len position c count))
(assert (not (and (bvule len count)
                  (= (bvadd len (second_end position c count)) count)
                  (= (bvadd (index position c) len) (first_end position c count))
                  (bvule (first_end position c count) c)
                  (bvule (second_end position c count) (index position c)))))
