using System.Text.Json;
using Torchyard.Packages.Debian.Archives;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class SnapshotTarget : FuzzTarget
{
    public override string Name => "snapshot-json";

    public override string Input => "answers of snapshot.debian.org, and manifests that say where package files are";

    public override IReadOnlyList<string> Words =>
        [
            "\"result\":[",
            "\"fileinfo\":{",
            "\"architecture\":\"amd64\"",
            "\"hash\":\"0123456789abcdef0123456789abcdef01234567\"",
            "\"size\":1",
            "null",
        ];

    public override bool IsRefusal(Exception failure) => failure is JsonException;

    public override object? Parse(byte[] input) => JsonSerializer.Deserialize(input, SnapshotJson.Default.BinaryFiles);
}
