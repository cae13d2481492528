import { gunzipSync } from 'node:zlib'

/**
 * What torch.save writes for a steering file of two modules, gzipped: layers.13 adds 0.5 times the float32 vector [1, 64] of 0/8, 1/8, 2/8, …
 * and has a bias of ones; model.layers.20 clamps to a tensor of one number, 30, along 64 ones in bfloat16, with None for bias and head_index.
 */
export function torchSteeringFile(): Buffer {
  return gunzipSync(Buffer.from(gzipped.join(''), 'base64'))
}

const gzipped = [
  'H4sIAAAAAAACA+WWTWgcZRjH3/3enVibtKtu/ahpq3bjx3b2o/txiFmXsikMtJsVdehlO9mZZAYnO3lnZ2srBBY01YJiBA89iPQg2IOHHkR76C',
  'EHD1IUUuhBpEJAQQXBHHroQdD/OzNuZjZNrF48OOG3kwzv/3n++7zP+0waQihMSDxOtlwcSRHriCxZUmbxVb1eS5JTd7n6wSVK0mICAl06p5jd',
  'TDZPA0s0mBZ341nXUhRT68y3zihtyzBpiH221UyrZ2l6l2uZymxP0+WWpXS6htk6k+NoOJ0WY7bUMKV5hUYcCVfXDcl60XnI0agYwBqexsQQ7u',
  '3FHo0LVYsmZgQiBITqecoJVSFwno5caLcNXUd2zeh0uZOmrJiKfExrWxy9b6JJd1n0/ibdLSa9ZtuGMjentTWlY9HR6al1pyBiFB+SHYiO2Wkl',
  'WaZ7RNSPzGpSl+5V4V2NqI63LE2qtqcHmKfqMn1QCCzThy6oLG3Kovua9OGeXaQFQ1b0jFu+HE8fWaKPptWQE8399jX762eLgwI8ZifJ0f1Oks',
  'fdJOMsyQEnyUGLHmrSJ9RRn688fRKSgEWfgmRiwll62KLpJp1Qx8QIK6cuLSzSp9W9J0QOf6qKJLe0jqycpc+c6PUyDSEWn/5GuXMb4RiNbXto',
  'jOxCD2XmDHNBstADZhfFq9cSm62UZcG++O3WG8waY/tgSTLJgrl90ZJ0bb6zgC2q1yp3bc17uooFZmDqNfpLECmCOxoYIREYmD1nKQZro3otQE',
  '7pmmXpCouxPPnDPtYh0R1jxEnYPVVH+Hpt8Ph5QvpgFZApQsZBFZwGfbACLoErYBWsgXWwAUgVUcEoSIFxkAY8KIMqOA4aQASngQoWwVnQB2+C',
  't8E7YAV8AC6CD8El8DG4DD4FV8Bn4Cq4BlbBl+Ar8DVYAzfBt+AWWAc/gp/Br2AD3AZ3wO9VVrm3Zn56hbj7v1PluL8ql63Xou6WO/X5/8Lqd/',
  'n6u5//o/rlNuvXn/pvf5j/i9/PTPbhsE/u0X/eu/8bL7AYn5w8VGCDOLxjjIR9ggdzCOc3zzH1jY/mX/r7858iZTaAbAtdvCkwgV6X2Ougpcn1',
  'WuFfDaEsXyqVi7lSrlKqVMpHC9li7ihfLmX5PM/nikW+WCoUC+WKPSa/ey94OA0fadtlIGhXxfXpncfcFueb7/FhnXf0jvk0x4Jk6+welnsHZ9',
  'Inf9+Rb5nWwxG8Y3PEF2FPiHjH7bDQOzX8m/VyiAxm7LDKe1b8qpXwQJUdVnk71K9aiwxUuWGVtyeHckUHqvywytuLCZ/qpq3aZie8zZHy1zFG',
  'tm3bhhCNPuuu2x96zvPPn/8+HXTuV2POHTr7tz9ch86bOxJ1NJy93ln7J5QPTHZhCgAA',
]
