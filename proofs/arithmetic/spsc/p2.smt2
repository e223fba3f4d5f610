; theorem: P2 keeps the invariant, whether it reads the latest `head` or any since the last one seen
; uses: cursor, ring
; mutant: reads a head that is not there yet : (assert (in_order seen_head read head)) => (assert (in_order seen_head read tail))
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
(declare-const to_read U64)
(define-fun read () U64 (bvadd seen_head to_read))
(assert (in_order seen_head read head))

; goal
(assert (not (invariant head tail read seen_tail c)))
