; theorem: lap, phase and owner come back from a packed word
; uses: word
; mutant: an owner that does not fit : (bvand owner max_owner)) => owner)
; mutant: owner and phase overlap : (define-fun owner_bits () U64 #x000000000000000c) => (define-fun owner_bits () U64 #x000000000000000b)
(declare-const any_lap U64)
(declare-const any_phase U64)
(declare-const any_owner U64)
(assert (is_phase any_phase))
(define-fun word () U64 (owned any_lap any_phase any_owner))

; goal
; The lap modulo 2^50, the owner modulo 2^12.
(assert (not (and (= (lap_in word) (bvand any_lap #x0003ffffffffffff))
                  (= (phase_in word) any_phase)
                  (= (owner_in word) (bvand any_owner #x0000000000000fff)))))
