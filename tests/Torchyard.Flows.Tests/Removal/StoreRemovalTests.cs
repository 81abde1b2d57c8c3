using Torchyard.Flows.Removal;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Removal;

public sealed class StoreRemovalTests : IDisposable
{
    private readonly TestHost _test = new();

    public StoreRemovalTests()
    {
        Directory.CreateDirectory(Path.Combine(_test.Host.Store.Root, "oci/blobs"));
        File.WriteAllText(Path.Combine(_test.Host.Store.Root, "notes.txt"), "mine");
    }

    private string Root => _test.Host.Store.Root;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Nothing_goes_where_nobody_can_be_asked_or_the_answer_is_no()
    {
        Assert.Equal("TY3055", (await Assert.ThrowsAsync<TorchyardException>(() => RemoveAsync(agreed: false))).Code);

        _test.Dialogue.Answers = new Queue<bool>([false]);
        Assert.Null(await RemoveAsync(agreed: false));
        Assert.Contains(_test.Dialogue.Lines, line => line.Contains("named volumes", StringComparison.Ordinal));
        Assert.True(Directory.Exists(Path.Combine(Root, "oci/blobs")));
    }

    [Fact]
    public async Task Yes_removes_what_is_the_programs_own_and_names_what_is_not()
    {
        _test.Dialogue.Answers = new Queue<bool>([true]);

        Assert.Equal(["notes.txt"], await RemoveAsync(agreed: false));

        Assert.Equal(["notes.txt"], Directory.EnumerateFileSystemEntries(Root).Select(Path.GetFileName));
    }

    [Fact]
    public async Task An_agreed_removal_takes_the_directory_when_nothing_else_is_in_it()
    {
        File.Delete(Path.Combine(Root, "notes.txt"));

        Assert.Empty((await RemoveAsync(agreed: true))!);

        Assert.False(Directory.Exists(Root));
    }

    [Fact]
    public async Task A_store_in_which_something_runs_stays()
    {
        using var running = new RunningEnvironment(_test, new Dictionary<string, string>(), []);

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => RemoveAsync(agreed: true));

        Assert.Equal("TY3054", refusal.Code);
        Assert.Contains("torchyard rm --force work", refusal.Cure, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(Root, "oci/blobs")));
    }

    private Task<IReadOnlyList<string>?> RemoveAsync(bool agreed) =>
        StoreRemoval.RunAsync(_test.Host, agreed, TestContext.Current.CancellationToken);
}
