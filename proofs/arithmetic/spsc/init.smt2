; theorem: a fresh ring, starting anywhere, satisfies the invariant, and so do its ends when claimed
; uses: cursor, ring
; mutant: an end that assumes a full ring : (define-fun seen_head () U64 start) => (define-fun seen_head () U64 (bvsub start (bvadd c one)))
(declare-const start U64)
(declare-const c U64)
(assert (is_capacity c))
; Ring::init stores `start` to both words; A2 and B2 let each end see the other where it is itself.
(define-fun seen_head () U64 start)

; goal
(assert (not (and (invariant start start seen_head start c)
                  (= (room start seen_head c) c)
                  (= (available start start) zero))))
