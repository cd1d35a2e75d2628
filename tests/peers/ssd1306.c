/* An SSD1306 that nobody here wrote: simavr's part (Debian, libsimavrparts1), fed by hand in place of an AVR's pins.
 *
 * From standard input: 'C' or 'D' (data/command line low or high), the number of bytes, most significant first, in two
 * bytes, and the bytes; or 'G', for which it writes its memory of 8 pages of 128 columns, and a byte: 1 when the display is
 * on, plain, and turned as the module is mounted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <simavr/sim_avr.h>
#include <simavr/parts/ssd1306_virt.h>

static ssd1306_t part;

static int flag(int which) { return ssd1306_get_flag(&part, which); }

int main(void) {
    /* What the part itself prints is not what it shows. */
    int out = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    avr_t *avr = avr_make_mcu_by_name("atmega32");
    if (!avr) return 1;
    avr_init(avr);
    ssd1306_init(avr, &part, 128, 64);
    ssd1306_wiring_t wiring = {.chip_select = {'B', 4}, .data_instruction = {'B', 1}, .reset = {'B', 3}};
    ssd1306_connect(&part, &wiring);
    avr_raise_irq(part.irq + IRQ_SSD1306_ENABLE, 0);
    for (int what; (what = getchar()) != EOF;) {
        if (what == 'G') {
            uint8_t shown = flag(SSD1306_FLAG_DISPLAY_ON) && !flag(SSD1306_FLAG_DISPLAY_INVERTED) &&
                            !flag(SSD1306_FLAG_SEGMENT_REMAP_0) && !flag(SSD1306_FLAG_COM_SCAN_NORMAL);
            if (write(out, part.vram, sizeof part.vram) != sizeof part.vram || write(out, &shown, 1) != 1) return 1;
            continue;
        }
        avr_raise_irq(part.irq + IRQ_SSD1306_DATA_INSTRUCTION, what == 'D');
        int length = getchar() << 8;
        length |= getchar();
        while (length-- > 0) avr_raise_irq(part.irq + IRQ_SSD1306_SPI_BYTE_IN, getchar());
    }
    return 0;
}
