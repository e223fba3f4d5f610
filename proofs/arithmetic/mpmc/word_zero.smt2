; theorem: a slot of zeros is free on lap 0; its page, all of zeros, is a fresh queue that starts at 0
; uses: word
; mutant: Published is 0 : (define-fun Free () U64 #x0000000000000000) => (define-fun Free () U64 #x0000000000000002)
(declare-const c U64)
(declare-const ahead U64)
(assert (is_capacity c))
(assert (bvult ahead c))

; goal
(assert (not (and (= (new (lap_of ahead c) Free) zero)
                  (= (index_of ahead c) ahead)
                  (= (for_push zero (lap_of ahead c) c) Claim)
                  (= (for_pop zero (lap_of ahead c) c) Blocked))))
