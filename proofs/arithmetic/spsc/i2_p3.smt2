; theorem: P3 writes slots of the capacity of positions from `head`, but none that holds a record
; uses: cursor, ring
; mutant: a record too many : (assert (bvult i (room tail seen_head c))) => (assert (bvule i (room tail seen_head c)))
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
; Any position that is written.
(declare-const i U64)
(assert (bvult i (room tail seen_head c)))

; goal
; The records are at the first `tail - head` positions from `head`; see `slots_are_distinct`.
(define-fun from_head () U64 (bvsub (advance tail i) head))
(assert (not (and (bvule (bvsub tail head) from_head) (bvult from_head c))))
