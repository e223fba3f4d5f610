; theorem: no step of two honest ends makes either of them answer `Corrupt`
; uses: cursor, ring
; mutant: the ring may be overfull : (bvule (bvsub tail seen_head) c) => (bvule (bvsub tail seen_head) (bvadd c one))
; mutant: the consumer's end ahead of what it saw : (in_order seen_head head seen_tail) => (in_order seen_head head tail)
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

; goal
; room() and available() compare these with the capacity.
(assert (not (and (bvule (ahead_of_peer tail seen_head) c)
                  (bvule (behind_peer head seen_tail) c))))
