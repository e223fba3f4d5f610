; core/src/protocol/mpmc/word.rs, function by function. `vectors.txt` ties the two together.
(define-sort U64 () (_ BitVec 64))
(define-fun zero () U64 #x0000000000000000)
(define-fun one () U64 #x0000000000000001)

(define-fun owner_bits () U64 #x000000000000000c)
(define-fun lap_shift () U64 #x000000000000000e)
(define-fun max_owner () U64 #x0000000000000fff)
(define-fun max_capacity () U64 #x0001000000000000)

; Member::new: the numbers of slots that it accepts, 1 to 2^48.
(define-fun is_capacity ((c U64)) Bool
  (and (distinct c zero) (= (bvand c (bvsub c one)) zero) (bvule c max_capacity)))

; Phase
(define-fun Free () U64 #x0000000000000000)
(define-fun Writing () U64 #x0000000000000001)
(define-fun Published () U64 #x0000000000000002)
(define-fun Reading () U64 #x0000000000000003)
(define-fun is_phase ((phase U64)) Bool (bvule phase Reading))
(define-fun has_owner ((phase U64)) Bool (or (= phase Writing) (= phase Reading)))

; Place::of
(define-fun index_of ((position U64) (c U64)) U64 (bvand position (bvsub c one)))
(define-fun lap_of ((position U64) (c U64)) U64 (bvand position (bvnot (bvsub c one))))

; SlotWord::owned, SlotWord::new
(define-fun owned ((lap U64) (phase U64) (owner U64)) U64
  (bvor (bvshl lap lap_shift) (bvshl phase owner_bits) (bvand owner max_owner)))
(define-fun new ((lap U64) (phase U64)) U64 (owned lap phase zero))

; SlotWord::phase, SlotWord::owner, SlotWord::lap
(define-fun phase_in ((word U64)) U64 (bvand (bvlshr word owner_bits) Reading))
(define-fun owner_in ((word U64)) U64 (bvand word max_owner))
(define-fun lap_in ((word U64)) U64 (bvlshr word lap_shift))

; SlotWord::ahead_of, to be read as a signed number
(define-fun ahead_of ((word U64) (lap U64)) U64
  (bvashr (bvsub (bvshl (bvlshr word lap_shift) lap_shift) (bvshl lap lap_shift)) lap_shift))

; ForPush and ForPop. A `..By` names the word's owner; `Blocked` is `Full` and `Empty`.
(define-fun Claim () U64 #x0000000000000000)
(define-fun Blocked () U64 #x0000000000000001)
(define-fun BlockedBy () U64 #x0000000000000002)
(define-fun Passed () U64 #x0000000000000003)
(define-fun Far () U64 #x0000000000000004)
(define-fun Corrupt () U64 #x0000000000000005)

; SlotWord::for_push, once `ahead` is known
(define-fun push_means ((ahead U64) (phase U64) (c U64)) U64
  (ite (= ahead zero) (ite (= phase Free) Claim Passed)
  (ite (bvsgt ahead zero) (ite (bvsle ahead c) Passed Far)
  (ite (distinct ahead (bvneg c)) Corrupt
  (ite (= phase Free) Corrupt
  (ite (= phase Reading) BlockedBy Blocked))))))
(define-fun for_push ((word U64) (lap U64) (c U64)) U64
  (push_means (ahead_of word lap) (phase_in word) c))

; SlotWord::for_pop, once `ahead` is known
(define-fun pop_means ((ahead U64) (phase U64) (c U64)) U64
  (ite (bvsgt ahead zero) (ite (bvsle ahead c) Passed Far)
  (ite (and (= phase Free) (= ahead zero)) Blocked
  (ite (and (= phase Writing) (= ahead zero)) BlockedBy
  (ite (and (= phase Published) (= ahead zero)) Claim
  (ite (and (= phase Reading) (= ahead zero)) Passed
  (ite (and (= phase Reading) (= ahead (bvneg c))) Blocked
  Corrupt)))))))
(define-fun for_pop ((word U64) (lap U64) (c U64)) U64
  (pop_means (ahead_of word lap) (phase_in word) c))

; reclaim() of mpmc.rs: the word that R2 stores in place of `seen`
(define-fun reclaimed ((seen U64) (c U64)) U64 (new (bvadd (lap_in seen) c) Free))
