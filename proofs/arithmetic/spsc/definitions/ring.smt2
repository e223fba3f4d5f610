; The ring as a transition system. `head` and `tail` are the shared words; `seen_head` is what the
; producer last saw of `head`, `seen_tail` what the consumer last saw of `tail`.

; room() of producer.rs: free slots, as far as the producer knows.
(define-fun room ((tail U64) (seen_head U64) (c U64)) U64 (bvsub c (ahead_of_peer tail seen_head)))

; available() of consumer.rs: published records, as far as the consumer knows.
(define-fun available ((head U64) (seen_tail U64)) U64 (behind_peer head seen_tail))

; Going up from `a`, modulo 2^64, one meets `b` not after `z`.
(define-fun in_order ((a U64) (b U64) (z U64)) Bool (bvule (bvsub b a) (bvsub z a)))

; I1, with what each end has seen: seen_head <= head <= seen_tail <= tail <= seen_head + c.
(define-fun invariant ((head U64) (tail U64) (seen_head U64) (seen_tail U64) (c U64)) Bool
  (and (in_order seen_head head seen_tail)
       (in_order seen_head seen_tail tail)
       (bvule (bvsub tail seen_head) c)))

; The card's I1 alone.
(define-fun i1 ((head U64) (tail U64) (c U64)) Bool (bvule (bvsub tail head) c))
