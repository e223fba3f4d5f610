; theorem: C4 keeps the invariant, for a pop of any number of records which are known to be available
; uses: cursor, ring
; mutant: a record too many : (assert (bvule count (available head seen_tail))) => (assert (bvule count (bvadd (available head seen_tail) one)))
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
(declare-const count U64)
(assert (bvule count (available head seen_tail)))

; goal
(assert (not (invariant (advance head count) tail seen_head seen_tail c)))
