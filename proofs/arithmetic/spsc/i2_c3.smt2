; theorem: C3 reads only slots that hold a record
; uses: cursor, ring
; mutant: a record too many : (assert (bvult i (available head seen_tail))) => (assert (bvule i (available head seen_tail)))
(declare-const c U64)
(declare-const seen_head U64)
(declare-const to_head U64)
(declare-const to_seen_tail U64)
(declare-const to_tail U64)
; Any three words are `seen_head` and a distance each.
(define-fun head () U64 (bvadd seen_head to_head))
(define-fun seen_tail () U64 (bvadd seen_head to_seen_tail))
(define-fun tail () U64 (bvadd seen_head to_tail))
(assert (is_capacity c))
(assert (invariant head tail seen_head seen_tail c))
; Any position that is read.
(declare-const i U64)
(assert (bvult i (available head seen_tail)))

; goal
(define-fun from_head () U64 (bvsub (advance head i) head))
(assert (not (bvult from_head (bvsub tail head))))
