using System.Text.Json;
using Torchyard.Containers.Gpus;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class CdiDocumentTests
{
    [Fact]
    public void The_document_follows_the_specification()
    {
        var machine = RecordedMachine.H200;
        using var document = JsonDocument.Parse(
            CdiDocument.Write(GpuChooser.Everything(machine.Gpus, machine.Files), machine.Injection().Edits)
        );
        var root = document.RootElement;
        Assert.Equal("0.5.0", root.GetProperty("cdiVersion").GetString());
        Assert.Equal("nvidia.com/gpu", root.GetProperty("kind").GetString());
        Assert.Equal(["cdiVersion", "kind", "devices", "containerEdits"], root.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["0", "GPU-00000000-0000-0000-0000-000000000001", "all"],
            root.GetProperty("devices").EnumerateArray().Select(d => d.GetProperty("name").GetString()!)
        );
        var own = root.GetProperty("devices")[0].GetProperty("containerEdits").GetProperty("deviceNodes");
        Assert.Equal("/dev/nvidia0", Assert.Single(own.EnumerateArray()).GetProperty("path").GetString());
        var mounts = root.GetProperty("containerEdits").GetProperty("mounts").EnumerateArray().ToList();
        Assert.All(mounts, m => Assert.Equal("bind", m.GetProperty("type").GetString()));
        Assert.All(root.GetProperty("containerEdits").GetProperty("deviceNodes").EnumerateArray(), n =>
            Assert.False(n.TryGetProperty("hostPath", out _))
        );
        Assert.Contains(
            "NVIDIA_VISIBLE_DEVICES=void",
            root.GetProperty("containerEdits").GetProperty("env").EnumerateArray().Select(e => e.GetString())
        );
    }
}
