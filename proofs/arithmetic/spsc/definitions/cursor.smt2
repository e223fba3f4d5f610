; core/src/protocol/spsc/cursor.rs, function by function. `vectors.txt` ties the two together.
(define-sort U64 () (_ BitVec 64))
(define-fun zero () U64 #x0000000000000000)
(define-fun one () U64 #x0000000000000001)

; cursor::capacity: the numbers of slots that it accepts, 1 to 2^63.
(define-fun is_capacity ((c U64)) Bool
  (and (distinct c zero) (= (bvand c (bvsub c one)) zero)))

; Cursor::ahead_of_peer
(define-fun ahead_of_peer ((position U64) (peer U64)) U64 (bvsub position peer))

; Cursor::behind_peer
(define-fun behind_peer ((position U64) (peer U64)) U64 (bvsub peer position))

; Cursor::advance
(define-fun advance ((position U64) (count U64)) U64 (bvadd position count))

; Cursor::index
(define-fun index ((position U64) (c U64)) U64 (bvand position (bvsub c one)))

; Cursor::ranges: the first from `index` to `first_end`, the second from 0 to `second_end`.
(define-fun first_len ((position U64) (c U64) (count U64)) U64
  (let ((rest (bvsub c (index position c)))) (ite (bvult count rest) count rest)))
(define-fun first_end ((position U64) (c U64) (count U64)) U64
  (bvadd (index position c) (first_len position c count)))
(define-fun second_end ((position U64) (c U64) (count U64)) U64
  (bvsub count (first_len position c count)))
