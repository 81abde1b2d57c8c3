using Torchyard.Flows.Fitting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Trust;

public sealed class RecipeGateTests : IDisposable
{
    private const string Recipe = "name = \"x\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n";
    private const string Mount = "[[mounts]]\nsource = \"/srv/secrets\"\ntarget = \"/mnt/s\"\n";
    private const string Port = "[services.jupyter]\nlisten = \"0.0.0.0\"\n";

    private readonly TestHost _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Where_nobody_can_be_asked_a_wish_is_refused_with_the_command_that_allows_it()
    {
        var refusal = await RefusalAsync(Mount);

        Assert.Equal(("TY1040", true), (refusal.Code, refusal.IsUsage));
        Assert.Contains(
            "torchyard.toml wants more of this machine than its own directory:\n  mount /srv/secrets, writable",
            refusal.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("torchyard trust torchyard.toml", refusal.Cure, StringComparison.Ordinal);
        Assert.Empty(TrustRecords.Of(_test.Host.Caller).All());
    }

    [Fact]
    public async Task No_refuses_and_is_not_remembered()
    {
        Answer(false);
        Assert.Equal("TY1041", (await RefusalAsync(Mount)).Code);
        Assert.Contains("  mount /srv/secrets, writable   (mounts: /mnt/s)", _test.Dialogue.Lines);

        _test.Dialogue.Answers = null;
        Assert.Equal("TY1040", (await RefusalAsync(Mount)).Code);
    }

    [Fact]
    public async Task Yes_is_remembered_and_only_what_is_new_is_asked_for()
    {
        Answer(true);
        await PassAsync(Mount);
        Assert.Single(_test.Dialogue.Questions);

        _test.Dialogue.Answers = null;
        await PassAsync(Mount);

        Answer(true);
        _test.Dialogue.Lines.Clear();
        await PassAsync(Mount + Port);
        Assert.DoesNotContain(_test.Dialogue.Lines, line => line.Contains("/srv/secrets", StringComparison.Ordinal));
        Assert.Contains(_test.Dialogue.Lines, line => line.StartsWith("  + let other machines reach jupyter", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_variable_of_a_requirement_file_that_was_allowed_is_remembered()
    {
        _test.Variables["PIP_TOKEN"] = "geheim";
        _test.Write("requirements.txt", "--index-url https://${PIP_TOKEN}@index.example/simple\nnumpy\n");
        const string python = "[python]\nrequirements = [\"requirements.txt\"]\n";
        Answer(true);
        await PassAsync(python);

        _test.Dialogue.Answers = null;
        await PassAsync(python);

        Assert.Single(_test.Dialogue.Questions);
    }

    [Fact]
    public async Task Consent_for_once_is_told_and_not_remembered()
    {
        await PassAsync(Mount, allow: true);

        Assert.Contains(_test.Progress.Notes, note => note.Contains("is allowed to mount /srv/secrets", StringComparison.Ordinal));
        Assert.Equal("TY1040", (await RefusalAsync(Mount)).Code);
    }

    [Fact]
    public async Task Commands_are_shown_and_asked_for_once_and_not_for_each_change_of_one()
    {
        const string Own = "[[run]]\nname = \"the solver\"\ncommand = \"make\"\n";
        Answer(true);
        await PassAsync(Own);
        Assert.Contains(
            "  run commands of its own while the image is built, in a sandbox without network   (run: the solver)",
            _test.Dialogue.Lines
        );

        _test.Dialogue.Answers = null;
        await PassAsync(Own.Replace("make", "make install", StringComparison.Ordinal) + "[[run]]\ncommand = \"ldconfig\"\n");
    }

    [Fact]
    public async Task A_recipe_that_wants_nothing_asks_nobody()
    {
        await PassAsync("");

        Assert.Empty(_test.Dialogue.Lines);
        Assert.Empty(_test.Progress.Notes);
    }

    private void Answer(bool answer) => _test.Dialogue.Answers = new Queue<bool>([answer]);

    private async Task PassAsync(string more, bool allow = false)
    {
        _test.Write("torchyard.toml", Recipe + more);
        var source = await new RecipeGate(_test.Host, allow).OpenAsync(
            RecipeChoice.Find(_test.Host, named: null, torch: null),
            TestContext.Current.CancellationToken
        );
        source.RequireAllowed();
    }

    private Task<TorchyardException> RefusalAsync(string more) => Assert.ThrowsAsync<TorchyardException>(() => PassAsync(more));
}
