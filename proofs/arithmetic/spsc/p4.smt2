; theorem: P4 keeps the invariant, for a push of any number of records for which there is known to be room
; uses: cursor, ring
; mutant: a record too many : (assert (bvule count (room tail seen_head c))) => (assert (bvule count (bvadd (room tail seen_head c) one)))
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
(assert (bvule count (room tail seen_head c)))

; goal
(assert (not (invariant head (advance tail count) seen_head seen_tail c)))
