; theorem: a fresh queue, starting anywhere, satisfies the invariant of the counters and of every slot
; uses: word, queue
; mutant: the slots start a lap late : (define-fun at () U64 (bvadd start ahead)) => (define-fun at () U64 (bvadd start (bvadd c ahead)))
(declare-const c U64)
(declare-const start U64)
(declare-const ahead U64)
(assert (is_capacity c))
; Queue::init stores `start` to both counters, and frees each slot for the first position that is its.
(assert (bvult ahead c))
(define-fun at () U64 (bvadd start ahead))

; goal
(assert (not (and (counters start start start start c)
                  (slot_invariant at Free zero start start c))))
