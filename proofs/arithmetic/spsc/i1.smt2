; theorem: the invariant implies I1, and an end sees at least as many slots used, or at most as many filled, as are
; uses: cursor, ring
; mutant: the ring may be overfull : (bvule (bvsub tail seen_head) c) => (bvule (bvsub tail seen_head) (bvadd c one))
; mutant: the consumer may have seen too much : (in_order seen_head seen_tail tail) => true
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
(assert (not (and (i1 head tail c)
                  (bvule (bvsub tail head) (ahead_of_peer tail seen_head))
                  (bvule (available head seen_tail) (bvsub tail head)))))
