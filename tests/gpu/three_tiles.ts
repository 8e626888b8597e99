/** The tiles that `products.ts` times: those in use, and one between them. */
import { type MatrixTile, matrixTiles } from "../../kernels/ops/matmul/matrix_tiles.ts";

export const threeTiles: ReadonlyArray<MatrixTile> = [...matrixTiles, { down: 2, across: 2, rows: 64, columns: 64 }];
