import { soil } from "orchard-soil";

export const trees = (count) => `${count} trees on ${soil}`;
