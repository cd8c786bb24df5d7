import { trees } from "orchard-trees";

export const fruit = (count) => `pears of ${trees(count)}`;
