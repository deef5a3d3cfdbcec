/** A picture that any page can draw: edges of every direction, ramps, dots, letters. */
export function drawing(side: number): ImageData {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext('2d')!;
  const unit = side / 16;
  const sky = context.createLinearGradient(0, 0, side, side);
  sky.addColorStop(0, '#f3d9a4');
  sky.addColorStop(0.55, '#d98f6c');
  sky.addColorStop(1, '#41507d');
  context.fillStyle = sky;
  context.fillRect(0, 0, side, side);
  const disc = (x: number, y: number, radius: number, colour: string) => {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x * unit, y * unit, radius * unit, 0, 2 * Math.PI);
    context.fill();
  };
  disc(11.5, 4.5, 2.6, '#fff3d6');
  context.fillStyle = '#2b3a5e';
  context.beginPath();
  for (const [x, y] of [
    [0, 12],
    [3.2, 7],
    [5.4, 10.2],
    [8.3, 5.8],
    [12.2, 11.5],
    [13.8, 9.6],
    [16, 12.4],
    [16, 16],
    [0, 16],
  ])
    context.lineTo(x * unit, y * unit);
  context.fill();
  context.fillStyle = '#e8eef9';
  context.beginPath();
  for (const [x, y] of [
    [8.3, 5.8],
    [9.35, 7.3],
    [8.6, 7.1],
    [8.1, 7.7],
    [7.55, 6.95],
  ])
    context.lineTo(x * unit, y * unit);
  context.fill();
  context.strokeStyle = '#86a0cf';
  context.lineWidth = unit * 0.1;
  for (let line = 0; line < 9; line++) {
    context.beginPath();
    for (let x = 0; x <= 16; x += 0.25) context.lineTo(x * unit, (13.1 + line * 0.36 + 0.09 * Math.sin(x * 1.7 + line * 2)) * unit);
    context.stroke();
  }
  for (let dot = 0; dot < 7; dot++) disc(1.3 + dot * 0.75, 1.5, 0.06 + dot * 0.05, '#7a3b2e');
  context.fillStyle = '#20263a';
  context.font = `700 ${2.1 * unit}px sans-serif`;
  context.fillText('X O', 1 * unit, 4.6 * unit);
  return context.getImageData(0, 0, side, side);
}
