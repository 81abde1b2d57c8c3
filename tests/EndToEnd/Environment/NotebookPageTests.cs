using System.Buffers.Binary;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Jupyter's own pages in a browser: a person runs a cell, looks at a plot, types in a terminal, uploads a file.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class NotebookPageTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Token => "?token=" + environment.Report.Token;

    [Fact]
    public async Task A_cell_has_the_projects_python_and_draws_a_plot()
    {
        const string Notebook = """
            {"cells":[
              {"cell_type":"code","metadata":{},"execution_count":null,"outputs":[],"source":"import sys, torch\nprint('cell on', sys.executable, int(torch.arange(5).sum()))"},
              {"cell_type":"code","metadata":{},"execution_count":null,"outputs":[],"source":"%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.figure(figsize=(4, 3))\nplt.plot([0, 1, 2], [0, 1, 4], color='red', linewidth=8);"}],
             "metadata":{"kernelspec":{"display_name":"Python 3","language":"python","name":"python3"}},"nbformat":4,"nbformat_minor":4}
            """;
        await File.WriteAllTextAsync(Path.Combine(environment.Project, "plot.ipynb"), Notebook, Cancellation);
        await using var page = await OpenAsync("/notebooks/plot.ipynb");
        await page.ShowsAsync("Jupyter.notebook.kernel.is_connected() && 'yes'", Cancellation);

        await page.EvaluateAsync("Jupyter.notebook.execute_all_cells()", Cancellation);

        await page.ShowsAsync("document.body.innerText.includes('cell on /opt/project/bin/python3 10') && 'yes'", Cancellation);
        var image = await page.ShowsAsync("document.querySelector('.output_png img').src", Cancellation);
        var png = Convert.FromBase64String(image[(image.IndexOf(',', StringComparison.Ordinal) + 1)..]);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], png[..4]);
        Assert.True(BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)) > 200, "the plot is narrow");
        // The browser has decoded it: a red line on white.
        var red = await page.EvaluateAsync(
            """
            (function () {
                const image = document.querySelector(".output_png img"), canvas = document.createElement("canvas");
                canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
                const context = canvas.getContext("2d");
                context.drawImage(image, 0, 0);
                const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
                let red = 0;
                for (let at = 0; at < pixels.length; at += 4) { if (pixels[at] > 200 && pixels[at + 1] < 60 && pixels[at + 2] < 60) { red++; } }
                return red;
            })()
            """,
            Cancellation
        );
        Assert.True(int.Parse(red, System.Globalization.CultureInfo.InvariantCulture) > 500, $"{red} red pixels");
    }

    [Fact]
    public async Task The_terminal_types_a_command_and_shows_its_answer()
    {
        using var client = new HttpClient { BaseAddress = environment.Report.Jupyter };
        using var made = await client.PostAsync(new Uri("/api/terminals" + Token, UriKind.Relative), content: null, Cancellation);
        made.EnsureSuccessStatusCode();
        await using var page = await OpenAsync("/terminals/1");
        await page.ShowsAsync("window.terminal.socket.readyState === 1 && 'yes'", Cancellation);

        await page.TypeAsync("echo answer $((6 * 7)) $(command -v python3)\r", Cancellation);

        const string Text =
            "(function () { const b = window.terminal.term.buffer.active; let t = ''; for (let i = 0; i < b.length; i++) { t += "
            + "b.getLine(i).translateToString(true) + '\\n'; } return t; })()";
        await page.ShowsAsync($"{Text}.includes('answer 42 /opt/project/bin/python3') && 'yes'", Cancellation);
        Assert.True(
            int.Parse(
                await page.EvaluateAsync("window.terminal.term.cols", Cancellation),
                System.Globalization.CultureInfo.InvariantCulture
            ) > 80
        );
    }

    [Fact]
    public async Task A_file_is_uploaded_through_the_page()
    {
        await using var page = await OpenAsync("/tree");
        await page.ShowsAsync(
            "document.querySelector('.fileinput') && document.body.innerText.includes('train.py') && 'yes'",
            Cancellation
        );

        await page.EvaluateAsync(
            """
            (function () {
                const input = document.querySelector(".fileinput"), files = new DataTransfer();
                files.items.add(new File(["one,two\n1,2\n"], "uploaded.csv", { type: "text/csv" }));
                input.files = files.files;
                input.dispatchEvent(new Event("change", { bubbles: true }));
            })()
            """,
            Cancellation
        );
        await page.ShowsAsync("document.querySelector('.upload_button') && 'yes'", Cancellation);
        await page.EvaluateAsync("document.querySelector('.upload_button').click()", Cancellation);

        await page.ShowsAsync(
            "Array.from(document.querySelectorAll('.list_item a')).some(a => a.href.endsWith('uploaded.csv')) && 'yes'",
            Cancellation
        );
        Assert.Equal("one,two\n1,2\n", await File.ReadAllTextAsync(Path.Combine(environment.Project, "uploaded.csv"), Cancellation));
    }

    private Task<BrowserPage> OpenAsync(string path) =>
        BrowserPage.OpenAsync(
            new Uri(environment.Report.Jupyter, path + Token),
            environment.Store.NewProject("browser-" + Guid.NewGuid().ToString("N")[..6]),
            Cancellation
        );
}
