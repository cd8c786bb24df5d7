export { soil } from "orchard-soil";

export const bees = "busy";
