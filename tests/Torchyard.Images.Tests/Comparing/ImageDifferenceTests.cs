using System.Text;
using Torchyard.Images.Comparing;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Images.Store;
using Torchyard.Images.Tests.Oci;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Tests.Comparing;

public sealed class ImageDifferenceTests
{
    [Fact]
    public async Task Two_images_share_the_layers_that_are_the_same()
    {
        Requires.Root("needs root for whiteouts and owners");
        using var store = new TemporaryStore();
        var images = new ImageStore(store.Paths);
        var before = await SmallImage.AddAsync(store, "before");
        var after = await SmallImage.AddAsync(store, "after", text: "another");

        var difference = ImageDifference.Between(images, before, after);

        Assert.Equal((1, 1), (difference.SharedLayers, difference.NewLayers));
        Assert.Equal(new FileInfo(Path.Combine(store.Paths.Oci, "blobs/sha256", after.Layers[0].Hex)).Length, difference.NewBytes);
        Assert.Empty(Assert.IsAssignableFrom<IReadOnlyList<SoftwareChange>>(difference.Software));
        Assert.Equal($"the same packages, 1 of 2 layers the same, {difference.NewBytes} B to fetch", difference.Summary());
    }

    [Fact]
    public void Software_that_came_went_or_changed_is_told_by_kind_and_name()
    {
        ListedSoftware[] before = [new("deb", "a", "1"), new("deb", "b", "1"), new("pypi", "b", "1"), new("pypi", "c", "1")];
        ListedSoftware[] after =
        [
            new("deb", "b", "1"),
            new("pypi", "b", "2"),
            new("pypi", "c", "1"),
            new("pypi", "c", "3"),
            new("pypi", "d", "4"),
        ];

        Assert.Equal(
            [
                new SoftwareChange("deb", "a", "1", null),
                new SoftwareChange("pypi", "b", "1", "2"),
                new SoftwareChange("pypi", "c", "1", "1, 3"),
                new SoftwareChange("pypi", "d", null, "4"),
            ],
            SoftwareChange.Between(before, after)
        );
    }

    [Fact]
    public void Settings_are_compared_one_by_one_and_labels_are_not()
    {
        var before = new ImageConfig
        {
            User = "1000:1000",
            Env = ["PATH=/usr/bin", "OLD=1"],
            Cmd = ["bash"],
            Labels = new Dictionary<string, string> { ["made"] = "yesterday" },
        };
        var after = before with
        {
            Env = ["PATH=/opt/venv/bin:/usr/bin", "NEW"],
            Cmd = [],
            WorkingDir = "/workspace",
            Labels = new Dictionary<string, string> { ["made"] = "today" },
        };

        Assert.Equal(
            [
                new SettingChange("Cmd", "bash", null),
                new SettingChange("Env NEW", null, ""),
                new SettingChange("Env OLD", "1", null),
                new SettingChange("Env PATH", "/usr/bin", "/opt/venv/bin:/usr/bin"),
                new SettingChange("WorkingDir", null, "/workspace"),
            ],
            SettingChange.Between(before, after).OrderBy(change => change.Name, StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"packages":{}}""")]
    public void What_is_not_a_bill_of_materials_is_refused(string text) =>
        Assert.Equal("TY3011", Assert.Throws<TorchyardException>(() => SpdxReader.Read(Encoding.UTF8.GetBytes(text), "it")).Code);

    [Fact]
    public void Fields_of_other_types_are_passed_over() =>
        Assert.Equal(
            [new ListedSoftware("pypi", "torch", "2.11.0")],
            SpdxReader.Read(
                """
                {"packages": [1, {"name": 1}, {"name": "x", "versionInfo": "1"}, {"name": "y", "versionInfo": "1", "externalRefs": [2, {}]},
                  {"name": "torch", "versionInfo": "2.11.0",
                   "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:pypi/torch@2.11.0"}]}]}
                """u8.ToArray(),
                "it"
            )
        );
}
