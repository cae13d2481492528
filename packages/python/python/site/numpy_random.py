"""numpy's default generator as far as `datasets` uses it: SeedSequence (O'Neill's seed_seq) and PCG64 (XSL-RR 128/64), permutations."""

import random

_M32 = 0xFFFFFFFF
_M64 = 0xFFFFFFFFFFFFFFFF
_M128 = (1 << 128) - 1
_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645


def _words(entropy):
    words = []
    while entropy > 0:
        words.append(entropy & _M32)
        entropy >>= 32
    return words or [0]


def _seed_words(entropy, count):
    """SeedSequence(entropy).generate_state(count) with a pool of four words."""
    constant = 0x43B0D7E5

    def hashed(value):
        nonlocal constant
        value ^= constant
        constant = constant * 0x931E8875 & _M32
        value = value * constant & _M32
        return value ^ value >> 16

    def mixed(x, y):
        result = (0xCA01F9DD * x - 0x4973F715 * y) & _M32
        return result ^ result >> 16

    words = _words(entropy)
    pool = [hashed(words[i] if i < len(words) else 0) for i in range(4)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = mixed(pool[target], hashed(pool[source]))
    for word in words[4:]:
        for target in range(4):
            pool[target] = mixed(pool[target], hashed(word))

    constant = 0x8B51F9DD
    state = []
    for i in range(count):
        value = pool[i % 4] ^ constant
        constant = constant * 0x58F38DED & _M32
        value = value * constant & _M32
        state.append(value ^ value >> 16)
    return state


class Generator:
    def __init__(self, seed):
        words = _seed_words(seed, 8)
        wide = [words[i] | words[i + 1] << 32 for i in range(0, 8, 2)]
        self._step = ((wide[2] << 64 | wide[3]) << 1 | 1) & _M128
        self._state = 0
        self._advance()
        self._state = (self._state + (wide[0] << 64 | wide[1])) & _M128
        self._advance()
        self._spare = None

    def _advance(self):
        self._state = (self._state * _MULTIPLIER + self._step) & _M128

    def _next32(self):
        if self._spare is not None:
            word, self._spare = self._spare, None
            return word
        self._advance()
        folded = (self._state >> 64) ^ (self._state & _M64)
        turn = self._state >> 122
        drawn = (folded >> turn | folded << (64 - turn)) & _M64
        self._spare = drawn >> 32
        return drawn & _M32

    def _up_to(self, largest):
        """A whole number in [0, largest], by drawing as many bits as it has until they are not too large."""
        mask = (1 << largest.bit_length()) - 1
        while (drawn := self._next32() & mask) > largest:
            pass
        return drawn

    def permutation(self, n):
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self._up_to(i)
            order[i], order[j] = order[j], order[i]
        return order


# numpy's global generator, which lm_eval seeds with --seed's second number
_global = random.Random()


def seed_global(seed):
    """np.random.seed(seed): MT19937's own initialisation, which Python's random does not use."""
    state = [seed & _M32]
    for i in range(1, 624):
        state.append((1812433253 * (state[-1] ^ state[-1] >> 30) + i) & _M32)
    _global.setstate((3, (*state, 624), None))


seed_global(1234)


def default_rng(seed=None):
    if seed is None:
        # what `datasets` does without a seed: one word of the global generator's state
        words = _global.getstate()[1]
        position = words[624]
        seed = words[position] if position < 624 else words[0]
        _global.random()
    return Generator(seed)
