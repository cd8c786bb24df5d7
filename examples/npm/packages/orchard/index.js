export * from "orchard-bees";
export * from "orchard-fruit";
export * from "orchard-trees";
