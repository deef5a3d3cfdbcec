/**
 * A place to choose from: `choice[+(condition)]` is a load, where `condition ? a : b` is a branch. On data of random sign
 * a branch is mispredicted every other time, and takes several times as long as the load.
 */
export const choice = new Float32Array(4);
