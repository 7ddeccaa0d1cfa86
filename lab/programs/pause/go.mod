module corediag.lab/pause

go 1.21
