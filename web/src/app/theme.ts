// Mantine's theme: stone and teal instead of its own greys and blue. The page's tokens are in tokens.css.
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const teal: MantineColorsTuple = [
  "#e7f0ee", "#cfe3e0", "#a3cbc6", "#75b3ab", "#4d9d95", "#2f8f86", "#178078", "#0f6b66", "#0b5b57", "#074844",
];
const stone: MantineColorsTuple = [
  "#fdfcfa", "#f6f4f0", "#f3f0eb", "#eae6df", "#d6d0c6", "#b3aca0", "#918a7f", "#766e62", "#5c554a", "#26221d",
];
const dark: MantineColorsTuple = [
  "#ece8e1", "#b3aca0", "#918a7f", "#5c554a", "#423d38", "#2b2825", "#262320", "#1b1917", "#161412", "#0f0e0c",
];

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 5 },
  colors: { teal, gray: stone, dark },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px" },
  defaultRadius: 6,
  white: "#fdfcfa",
  black: "#26221d",
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    // Within the landmark of the page: what stands beside all of them is passed over by screen readers.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, portalProps: { target: "#main" }, transitionProps: { duration: 80, transition: "fade" }, shadow: "none" } },
    Modal: { defaultProps: { transitionProps: { duration: 80, transition: "fade" } } },
  },
});
