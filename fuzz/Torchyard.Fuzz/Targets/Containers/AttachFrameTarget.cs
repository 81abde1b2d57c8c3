using Torchyard.Containers.Sockets;

namespace Torchyard.Fuzz.Targets.Containers;

internal sealed class AttachFrameTarget : FuzzTarget
{
    public override string Name => "attach-frames";

    public override string Input => "frames on a container's attach socket";

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override IEnumerable<byte[]> Seeds() =>
        [
            [.. AttachFrame.Resize(24, 80), .. AttachFrame.Encode(AttachKind.Input, "ls\n"u8), .. AttachFrame.Exit(3, 10)],
        ];

    public override object? Parse(byte[] input)
    {
        using var stream = new MemoryStream(input);
        var frames = new List<(AttachKind, byte[])>();
        while (AttachFrame.ReadAsync(stream, CancellationToken.None).GetAwaiter().GetResult() is var (kind, payload))
        {
            frames.Add((kind, payload));
        }

        return frames;
    }
}
