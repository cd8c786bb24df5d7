export const soil = "loam";
