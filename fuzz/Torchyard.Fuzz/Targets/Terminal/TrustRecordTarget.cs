using System.Text.Json;
using Torchyard.Flows.Trust;

namespace Torchyard.Fuzz.Targets.Terminal;

internal sealed class TrustRecordTarget : FuzzTarget
{
    public override string Name => "trust-record";

    public override string Input => "records of what recipes were allowed";

    public override IReadOnlyList<string> Words =>
        [
            "\"version\":1",
            "\"recipe\":\"/a\"",
            "\"allowed\":\"2025-01-01T00:00:00Z\"",
            "\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "\"wishes\":[]",
            "{\"kind\":\"index\",\"what\":\"a\",\"detail\":\"b\"}",
            "null",
        ];

    public override bool IsRefusal(Exception failure) => failure is JsonException;

    public override object? Parse(byte[] input) => JsonSerializer.Deserialize(input, TrustRecordJson.Default.TrustRecord)?.Read();
}
